// Roles that a claim names by ARN, as existing AWS federation setups use them. They are accepted if they are in the
// allowlist of a `rolesFrom` entry, and then granted or denied like any other role.
import type { RolesFromConfig } from '../../config/schema/roles-from.js';
import { accountOfArn, IAM_ROLE_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../core/arn.js';
import type { IssuerType, Target } from '../../core/types.js';
import { claimValues, matchesGlob } from '../grants/claim-matcher.js';
import type { EvaluationContext } from '../grants/evaluation-context.js';
import type { SessionTemplate } from '../session/session-template.js';
import type { CompiledRole } from './role.js';
import { type RoleRequirements, roleRequirements } from './role-requirements.js';

/** The attribute of AWS SAML federation: pairs of a role ARN and a provider ARN, in either order. */
const SAML_ROLE_ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/Role';

const ROLE_ARN = new RegExp(IAM_ROLE_ARN_PATTERN);
const PROVIDER_ARN = new RegExp(SAML_PROVIDER_ARN_PATTERN);

type RoleTarget = Extract<Target, { readonly roleArn: string }>;

interface ClaimRoleSourceOptions {
  /** Name of the entry in `rolesFrom`. */
  readonly name: string;
  readonly position: number;
  readonly config: RolesFromConfig;
  readonly session: SessionTemplate;
  /** ARNs of the IAM roles under `roles`, in lower case. */
  readonly configuredArns: ReadonlySet<string>;
}

/** A compiled entry of `rolesFrom`. */
export class ClaimRoleSource {
  readonly #options: ClaimRoleSourceOptions;
  readonly #requirements: RoleRequirements;
  readonly #accounts: ReadonlySet<string>;

  constructor(options: ClaimRoleSourceOptions) {
    this.#options = options;
    this.#requirements = roleRequirements(options.config);
    this.#accounts = new Set(options.config.accounts);
  }

  get name(): string {
    return this.#options.name;
  }

  /** The accepted roles that the caller's claim names, in the order of the claim. */
  rolesFor(context: EvaluationContext): readonly CompiledRole[] {
    const { name, position, config, session } = this.#options;
    const { principal } = context;
    const isSaml = config.via === 'AssumeRoleWithSAML';
    const proofType: IssuerType = isSaml ? 'saml' : 'oidc';
    if (principal.type !== proofType) return [];
    if (this.unknownClaim(context) !== undefined) return [];
    const values = claimValues(principal.claims, this.#claim) ?? [];
    return values.flatMap((value): readonly CompiledRole[] => {
      if (typeof value !== 'string') return [];
      const target = isSaml ? parseSamlTarget(value) : parseWebIdentityTarget(value);
      if (!target || !this.#accepts(target.roleArn)) return [];
      const requirements = this.#requirements;
      return [
        {
          name: target.roleArn,
          roleSource: name,
          position,
          target,
          proofType,
          ...requirements,
          session,
        },
      ];
    });
  }

  /** The claim that names the roles, if the proof left it out. */
  unknownClaim({ omitted }: EvaluationContext): string | undefined {
    return omitted.includesPath(this.#claim) ? this.#claim : undefined;
  }

  get #claim(): string {
    return this.#options.config.claim ?? SAML_ROLE_ATTRIBUTE;
  }

  /**
   * An IAM role under `roles` is available only by its name there, so that its settings apply. Role names in IAM are
   * unique regardless of case.
   */
  #accepts(arn: string): boolean {
    const { config, configuredArns } = this.#options;
    return (
      !configuredArns.has(arn.toLowerCase()) &&
      this.#accounts.has(accountOfArn(arn)) &&
      config.roleArns.some((glob) => matchesGlob(arn, glob))
    );
  }
}

function parseSamlTarget(value: string): RoleTarget | undefined {
  const parts = value.split(',').map((part) => part.trim());
  const roleArn = parts.find((part) => ROLE_ARN.test(part));
  const principalArn = parts.find((part) => PROVIDER_ARN.test(part));
  if (parts.length !== 2 || roleArn === undefined || principalArn === undefined) return undefined;
  // IAM resolves a SAML provider only in the account of the role.
  if (accountOfArn(roleArn) !== accountOfArn(principalArn)) return undefined;
  return { operation: 'AssumeRoleWithSAML', roleArn, principalArn };
}

const parseWebIdentityTarget = (value: string): RoleTarget | undefined =>
  ROLE_ARN.test(value)
    ? { operation: 'AssumeRoleWithWebIdentity', roleArn: value, webIdentity: 'caller' }
    : undefined;
