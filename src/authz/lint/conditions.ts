// Findings about the other conditions of one grant: address blocks that contain every address, expressions with a constant
// result, and `mfa` for issuers that never report multi-factor authentication.
import type { Config } from '../../config/schema/config.js';
import { type CelExpression, compileExpression } from '../cel/expression.js';
import { mfaClaims } from '../grants/mfa.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';

/** `issuers`: the issuers that the grant covers. */
export function conditionFindings(
  grant: Grant,
  index: number,
  config: Config,
  issuers: readonly string[],
  sends: IssuerSendsClaim,
): readonly LintFinding[] {
  const finding = (code: LintFinding['code'], path: LintFinding['path'], message: string): LintFinding => ({
    code,
    on: `grants.${grant.id}`,
    path: ['grants', index, ...path],
    message,
  });
  const neverSent = (claim: string) =>
    issuers.length > 0 && issuers.every((issuer) => sends(issuer, claim) === false);
  const names = issuers.join(', ');

  const findings = (grant.from ?? []).flatMap((block, position) =>
    includesEveryAddress(block)
      ? [
          finding(
            'from-anywhere',
            ['from', position],
            'This block contains every address. Remove it, or remove from.',
          ),
        ]
      : [],
  );
  const claims = new Set(issuers.flatMap((name) => mfaClaims(config.issuers[name]?.type ?? 'oidc')));
  if (grant.mfa && [...claims].every(neverSent)) {
    const message = `Tokens of ${names} never report multi-factor authentication (${[...claims].join(', ')}), so this grant never applies. Remove mfa, or use another issuer.`;
    findings.push(finding('claim-never-sent', ['mfa'], message));
  }
  const expression = expressionOf(grant);
  if (expression && isConstant(expression)) {
    const { constant } = expression;
    const result = constant === undefined ? 'is the same for every caller' : `is always ${constant}`;
    const consequence = constant === false ? 'this grant never applies' : 'it restricts nothing';
    const message = `The expression ${result}, so ${consequence}. Remove it, or use claims in it.`;
    findings.push(finding('condition-constant', ['when'], message));
  }
  for (const [, claim] of expression?.references.filter(([variable]) => variable === 'claims') ?? []) {
    if (claim === undefined || !neverSent(claim)) continue;
    const message = `Tokens of ${names} do not have the claim ${claim}, which the expression reads. Correct the name.`;
    findings.push(finding('claim-never-sent', ['when'], message));
  }
  return findings;
}

const KEYS_WITHOUT_CONDITION = new Set(['id', 'effect', 'issuer', 'roles', 'permissions', 'match']);

/** Whether issuer and claims are the only effective conditions: a constant expression, or addresses that include all, do not count. */
export function readsOnlyClaims(grant: Grant): boolean {
  const { from, when: _, ...rest } = grant;
  const expression = expressionOf(grant);
  const isRestrictive = expression && (!isConstant(expression) || expression.constant === false);
  return (
    Object.keys(rest).every((key) => KEYS_WITHOUT_CONDITION.has(key)) &&
    !isRestrictive &&
    (!from || includesAllAddresses(from))
  );
}

function expressionOf({ when }: Grant): CelExpression | undefined {
  const compiled = when === undefined ? undefined : compileExpression(when);
  return compiled?.ok ? compiled.expression : undefined;
}

const isConstant = ({ constant, references }: CelExpression) =>
  constant !== undefined || references.length === 0;

const includesEveryAddress = (block: string) => /\/0+$/.test(block);

/** All IPv4 and all IPv6 addresses. */
const includesAllAddresses = (blocks: readonly string[]) =>
  [':', '.'].every((separator) =>
    blocks.some((block) => includesEveryAddress(block) && block.includes(separator)),
  );
