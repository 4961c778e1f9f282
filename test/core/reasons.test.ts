// The table of reasons against the source: a reason without an entry does not compile, so this looks for the opposite,
// entries that no code uses, and for texts that are not sentences.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ERRORS } from '../../src/core/errors.js';
import { REASON_PATTERNS } from '../../src/core/reasons/sts.js';
import { REASONS } from '../../src/core/reasons.js';
import { STS_ERROR_MAP } from '../../src/issuance/sts/error-map.js';
import { ROOT } from '../support/paths.js';

const SRC = join(ROOT, 'src');

const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith(join('core', 'reasons')))
  .map((path) => readFileSync(join(SRC, path), 'utf8'));

/** The text of string literals without blanks. */
const LITERALS = new Set(SOURCES.flatMap((text) => text.match(/(?<=')[\w.]+(?=')/g) ?? []));

/** The fixed parts of template literals such as `jwt.${reason}`. */
const TEMPLATES = [
  ...new Set(SOURCES.flatMap((text) => text.match(/(?<=`)[\w.]*(?:\$\{[^`{}]+\}[\w.]*)+(?=`)/g) ?? [])),
].map((template) => template.split(/\$\{[^}]+\}/));

/** What helpers such as `invalidToken` write before a reason. */
const PREFIXES = TEMPLATES.flatMap(([start = '', ...rest]) =>
  /^[a-z_.]+\.$/.test(start) && rest.join('') === '' ? [start] : [],
);

function isGiven(reason: string): boolean {
  return (
    isWritten(reason) ||
    PREFIXES.some((prefix) => reason.startsWith(prefix) && isWritten(reason.slice(prefix.length)))
  );
}

/** Whether it is a literal, or a template filled with words that are literals. */
function isWritten(text: string): boolean {
  return (
    LITERALS.has(text) ||
    TEMPLATES.some((parts) => {
      const form = new RegExp(`^${parts.map((part) => part.replaceAll('.', '\\.')).join('(\\w+)')}$`);
      return form
        .exec(text)
        ?.slice(1)
        .every((word) => LITERALS.has(word));
    })
  );
}

/** `sts.` reasons that come from the error code and message of STS. */
const STS_CODES = [...STS_ERROR_MAP].flatMap(([code, { variants = [] }]) => [
  `sts.${code}`,
  ...variants.map(({ reason }) => `sts.${code}.${reason}`),
]);

t.test('every entry of the table of reasons is used in the source', (t) => {
  const ofSts = new Set(STS_CODES);
  for (const reason of Object.keys(REASONS)) t.ok(ofSts.has(reason) || isGiven(reason), reason);
  t.notOk(isGiven('jwt.made_up.reason'), 'an unused reason is found');
  t.end();
});

t.test('every error of STS that the broker distinguishes has an entry in the table of reasons', (t) => {
  for (const reason of new Set(STS_CODES)) t.ok(Object.hasOwn(REASONS, reason), reason);
  t.end();
});

t.test('every reason literal in the source has an entry in the table of reasons', (t) => {
  const received = SOURCES.flatMap((text) => text.match(/(?<=\breason: ')[a-z_]+\.[\w.]+(?=')/g) ?? []);
  t.ok(received.length > 40, 'literals are found');
  for (const reason of new Set(received)) t.ok(Object.hasOwn(REASONS, reason), reason);
  t.end();
});

t.test('a reason never has the name of an error code', (t) => {
  for (const reason of Object.keys(REASONS)) t.notOk(Object.hasOwn(ERRORS, reason), reason);
  t.end();
});

t.test('every reason explains itself in whole sentences', (t) => {
  for (const [reason, { meaning, action }] of Object.entries({ ...REASONS, ...REASON_PATTERNS })) {
    t.match(meaning, /^(?:[A-Z`]|saml2-js).*\.$/, `${reason}: meaning`);
    t.match(action, /^[A-Z].*\.$/, `${reason}: action`);
  }
  t.end();
});
