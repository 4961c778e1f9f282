// Findings about what one grant asks besides claims: addresses that are everybody's, expressions that narrow nothing,
// and several factors where the issuer never speaks of them.
import type { Config } from '../../config/schema/config.js';
import { type CompiledExpression, compileExpression } from '../cel/expression.js';
import { mfaClaims } from '../grants/mfa.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';

/** `issuers`: those the grant is about. */
export function conditionFindings(
  grant: Grant,
  index: number,
  config: Config,
  issuers: readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const found = (code: LintFinding['code'], path: LintFinding['path'], message: string): LintFinding => ({
    code,
    on: `grants.${grant.id}`,
    path: ['grants', index, ...path],
    message,
  });
  const neverSent = (claim: string) =>
    issuers.length > 0 && issuers.every((issuer) => sends(issuer, claim) === false);
  const names = issuers.join(', ');

  const findings = (grant.from ?? []).flatMap((block, position) =>
    isEverywhere(block)
      ? [
          found(
            'from-anywhere',
            ['from', position],
            'Every address is in this block. Remove it, or the whole from.',
          ),
        ]
      : [],
  );
  const claims = new Set(issuers.flatMap((name) => mfaClaims(config.issuers[name]?.type ?? 'oidc')));
  if (grant.mfa && [...claims].every(neverSent)) {
    const message = `Tokens of ${names} say nothing of several factors (${[...claims].join(', ')}), so this never applies. Remove mfa, or give the role to callers of another issuer.`;
    findings.push(found('claim-never-sent', ['mfa'], message));
  }
  const condition = conditionOf(grant);
  if (condition && isConstant(condition)) {
    const { constant } = condition;
    const what = constant === undefined ? 'is the same for everybody' : `is always ${constant}`;
    const consequence = constant === false ? 'this grant never applies' : 'it narrows nothing';
    const message = `The expression ${what}: ${consequence}. Remove it, or ask about claims.`;
    findings.push(found('condition-constant', ['when'], message));
  }
  for (const [, claim] of condition?.reads.filter(([variable]) => variable === 'claims') ?? []) {
    if (claim === undefined || !neverSent(claim)) continue;
    const message = `Tokens of ${names} have no claim ${claim}, which this reads. Correct its name.`;
    findings.push(found('claim-never-sent', ['when'], message));
  }
  return findings;
}

const OTHER_KEYS = new Set(['id', 'effect', 'issuer', 'roles', 'permissions', 'match']);

/** Whether issuer and claims are all it asks about: an expression or addresses that narrow nothing do not count. */
export function readsOnlyClaims(grant: Grant): boolean {
  const { from, when: _, ...rest } = grant;
  const condition = conditionOf(grant);
  const narrows = condition && (!isConstant(condition) || condition.constant === false);
  return Object.keys(rest).every((key) => OTHER_KEYS.has(key)) && !narrows && (!from || isAllThereIs(from));
}

type Sound = Extract<CompiledExpression, { ok: true }>;

function conditionOf({ when }: Grant): Sound | undefined {
  const compiled = when === undefined ? undefined : compileExpression(when);
  return compiled?.ok ? compiled : undefined;
}

const isConstant = ({ constant, reads }: Sound) => constant !== undefined || reads.length === 0;

const isEverywhere = (block: string) => /\/0+$/.test(block);

/** Both kinds of addresses. */
const isAllThereIs = (blocks: readonly string[]) =>
  [':', '.'].every((mark) => blocks.some((block) => isEverywhere(block) && block.includes(mark)));
