// Roles that a claim names by ARN, as existing AWS federation setups have them: accepted inside the accounts and ARNs
// that the config allows, and then granted or denied like any other role.
import type { RolesFromConfig } from '../../config/schema/roles-from.js';
import { IAM_ROLE_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../core/arn.js';
import type { IssuerType, Target } from '../../core/types.js';
import { claimValues, matchesGlob } from '../grants/claim-matcher.js';
import type { EvaluationContext } from '../grants/evaluation-context.js';
import type { SessionTemplate } from '../session/session-template.js';
import type { CompiledRole } from './role.js';
import { roleRequirements } from './role-requirements.js';

/** The attribute of AWS's own federation: pairs of a role and a provider, in either order. */
const SAML_ROLE = 'https://aws.amazon.com/SAML/Attributes/Role';

const ROLE_ARN = new RegExp(IAM_ROLE_ARN_PATTERN);
const PROVIDER_ARN = new RegExp(SAML_PROVIDER_ARN_PATTERN);

/** The roles that the caller's claims name and this entry of the config accepts, in the order of the claim. */
export type ClaimRoles = (situation: EvaluationContext) => readonly CompiledRole[];

/** `configured`: ARNs that roles of the config have, in lower case. */
export function compileClaimRoles(
  family: string,
  position: number,
  config: RolesFromConfig,
  session: SessionTemplate,
  configured: ReadonlySet<string>,
): ClaimRoles {
  const saml = config.via === 'AssumeRoleWithSAML';
  const proofType: IssuerType = saml ? 'saml' : 'oidc';
  const claim = config.claim ?? SAML_ROLE;
  const accounts = new Set(config.accounts);
  const demands = roleRequirements(config);
  // An IAM role that the config has by name is had by that name alone: what the config demands of it holds.
  // Names in IAM differ in more than case.
  const accepts = (arn: string) =>
    !configured.has(arn.toLowerCase()) &&
    accounts.has(accountOf(arn)) &&
    config.roleArns.some((glob) => matchesGlob(arn, glob));
  return ({ principal }) => {
    if (principal.type !== proofType) return [];
    return (claimValues(principal.claims, claim) ?? []).flatMap((value) => {
      const target = typeof value === 'string' ? (saml ? samlTarget(value) : webTarget(value)) : undefined;
      if (!target || !accepts(target.roleArn)) return [];
      return [{ name: target.roleArn, roleSource: family, position, target, proofType, ...demands, session }];
    });
  };
}

const accountOf = (arn: string) => arn.split(':')[4] ?? '';

type RoleTarget = Extract<Target, { readonly roleArn: string }>;

function samlTarget(value: string): RoleTarget | undefined {
  const parts = value.split(',').map((part) => part.trim());
  const roleArn = parts.find((part) => ROLE_ARN.test(part));
  const principalArn = parts.find((part) => PROVIDER_ARN.test(part));
  if (parts.length !== 2 || roleArn === undefined || principalArn === undefined) return undefined;
  // IAM knows a SAML provider only in the role's own account.
  if (accountOf(roleArn) !== accountOf(principalArn)) return undefined;
  return { operation: 'AssumeRoleWithSAML', roleArn, principalArn };
}

const webTarget = (value: string): RoleTarget | undefined =>
  ROLE_ARN.test(value)
    ? { operation: 'AssumeRoleWithWebIdentity', roleArn: value, webIdentity: 'caller' }
    : undefined;
