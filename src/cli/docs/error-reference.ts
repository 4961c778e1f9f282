// docs/errors.md from the table of errors and the table of internal reasons. A section `<!-- errors: NAME -->` has the
// codes of a section of error-guidance.ts, `<!-- reasons: jwt oidc -->` the reasons with these prefixes.
import type { ErrorEntry } from '../../core/error-entry.js';
import { ERRORS, type ErrorCode } from '../../core/errors.js';
import { ERROR_SECTIONS, GUIDANCE } from './error-guidance.js';
import { markdownTable, renderSections } from './markdown.js';

/** Internal reason -> what happened and what the operator does about it. */
export type Reasons = Readonly<Record<string, { readonly meaning: string; readonly action: string }>>;

/** The page with its sections as the tables are now. Throws if a code or a reason is missing on the page. */
export function renderErrorReference(page: string, reasons: Reasons): string {
  const unlisted = new Set<string>([...Object.keys(ERRORS), ...Object.keys(reasons)]);
  const list = (name: string) => {
    if (!unlisted.delete(name)) throw new Error(`docs/errors.md lists "${name}" twice.`);
  };
  const rendered = renderSections(page, ({ kind, argument }) => {
    if (kind === 'overview') return overview();
    if (kind === 'errors') {
      const codes = codesOf(argument);
      codes.forEach(list);
      return codes.map(errorText).join('\n\n');
    }
    const prefixes = argument.split(' ');
    const names = Object.keys(reasons).filter((reason) => prefixes.includes(reason.split('.')[0] ?? ''));
    names.forEach(list);
    return reasonTable(names, reasons);
  });
  if (unlisted.size > 0) throw new Error(`docs/errors.md does not list ${[...unlisted].join(', ')}.`);
  return rendered;
}

function codesOf(section: string): readonly ErrorCode[] {
  const entries = Object.entries(ERROR_SECTIONS).find(([name]) => name === section)?.[1];
  if (!entries) throw new Error(`There is no section "${section}" of error codes.`);
  return Object.keys(entries) as ErrorCode[];
}

/** The codes by HTTP status. */
function overview(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort((a, b) => a - b);
  const link = (code: ErrorCode) => `[\`${code}\`](#${code})`;
  return markdownTable(
    ['status', 'codes'],
    statuses.map((status) => [
      String(status),
      codes
        .filter((code) => ERRORS[code].status === status)
        .map(link)
        .join(' '),
    ]),
  );
}

function errorText(code: ErrorCode): string {
  const { status, oauth, sts, text, retryAfter }: ErrorEntry = ERRORS[code];
  const { caller, operator } = GUIDANCE[code];
  return [
    `### \`${code}\``,
    `> ${text}`,
    [
      `HTTP status ${status}`,
      `OAuth \`${oauth}\``,
      `STS \`${sts}\``,
      ...(retryAfter === undefined ? [] : [`\`Retry-After\` ${retryAfter}`]),
    ].join(' · '),
    `- **Caller:** ${caller}\n- **Operator:** ${operator}`,
  ].join('\n\n');
}

const reasonTable = (names: readonly string[], reasons: Reasons) =>
  markdownTable(
    ['reason', 'meaning', 'operator'],
    names.map((name) => [`\`${name}\``, reasons[name]?.meaning ?? '', reasons[name]?.action ?? '']),
  );
