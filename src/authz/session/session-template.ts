// Entry point of this folder. A role's session is compiled from its templates when the config loads and rendered for a
// principal when it is decided.
import type { RoleConfig } from '../../config/schema/role.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { SallyportError } from '../../core/errors.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import { OMITTED_CLAIMS_ADVICE, type OmittedClaims } from '../../core/omitted-claims.js';
import type { Claims, Operation, Session } from '../../core/types.js';
import { compileDurationLimits, type DurationLimits } from './duration-limits.js';
import { InlinePolicy } from './inline-policy.js';
import { checkPackedSize, POLICY_LIMIT } from './packed-policy-size.js';
import { SessionName, sessionNameConstraint } from './role-session-name.js';
import {
  checkStsValue,
  POLICY_TEXT,
  SOURCE_IDENTITY,
  type StsConstraint,
  TAG_KEY,
  TAG_VALUE,
} from './sts-constraints.js';
import { parseTemplate, type Template, TemplateError } from './template.js';

/** Operations without a Policy of the caller: STS does not support it, or there are no permissions without the role's policy. */
const OPERATIONS_WITHOUT_CALLER_POLICY: readonly Operation[] = ['GetFederationToken', 'GetSessionToken'];

/** The session without its duration, which depends on the request. */
export type RenderedSession = Omit<Session, 'durationSeconds'>;

/** The union of the session settings of all operations. */
interface SessionConfig {
  readonly name?: string;
  readonly duration?: string;
  readonly maxDuration?: string;
  readonly policy?: Record<string, unknown>;
  readonly policyArns?: readonly string[];
  readonly endWithProof?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
}

/** Collects the config errors, and the warnings about possible mistakes. */
export interface CompileFindings {
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
}

interface SessionTemplateParts {
  readonly durationLimits: DurationLimits;
  readonly policyFixed: boolean;
  readonly acceptsRoleSessionName: boolean;
  readonly name: SessionName | undefined;
  readonly sourceIdentity: Template | undefined;
  readonly transitiveTags: readonly string[] | undefined;
  readonly policy: InlinePolicy | undefined;
  readonly policyArns: readonly string[] | undefined;
  readonly tags: readonly TagTemplate[] | undefined;
  /** The claims that the templates in the config name. */
  readonly claims: ReadonlySet<string>;
}

type TagTemplate = readonly [key: string, value: Template];

export class SessionTemplate {
  readonly durationLimits: DurationLimits;
  /** Whether the caller must not send a session policy, because the role sets one or has no permissions without one. */
  readonly policyFixed: boolean;
  /** Whether the caller chooses the session name or a part of it. */
  readonly acceptsRoleSessionName: boolean;
  readonly #parts: SessionTemplateParts;

  constructor(parts: SessionTemplateParts) {
    this.durationLimits = parts.durationLimits;
    this.policyFixed = parts.policyFixed;
    this.acceptsRoleSessionName = parts.acceptsRoleSessionName;
    this.#parts = parts;
  }

  /**
   * A default does not stand in for a claim that the proof left out: the claim may have a value.
   * @throws SallyportError `session_value_invalid`.
   */
  requireKnownClaims(claims: Claims, omitted: OmittedClaims): void {
    const { name } = this.#parts;
    const unknown = [...this.#parts.claims, ...(name?.claimsFor(claims) ?? [])].find((claim) =>
      omitted.includesPath(claim),
    );
    if (unknown === undefined) return;
    throw new SallyportError('session_value_invalid', {
      reason: 'session.claim_omitted',
      detail: `Your proof says that it leaves out the claim "${unknown}", but the session of this role depends on it. ${OMITTED_CLAIMS_ADVICE}`,
    });
  }

  /** @throws SallyportError `session_value_invalid`; `parameter_invalid` for a missing or unsuitable RoleSessionName. */
  render(claims: Claims, roleSessionName?: string): RenderedSession {
    const { name, sourceIdentity, transitiveTags, policy, policyArns, tags } = this.#parts;
    return omitUndefined({
      name: name?.render(claims, roleSessionName),
      sourceIdentity: sourceIdentity && checkStsValue(SOURCE_IDENTITY, sourceIdentity.render(claims)),
      transitiveTags,
      policy: policy && this.#checkPolicyLength(checkStsValue(POLICY_TEXT, policy.render(claims))),
      policyArns,
      tags:
        tags &&
        Object.fromEntries(tags.map(([key, value]) => [key, checkStsValue(TAG_VALUE, value.render(claims))])),
    });
  }

  /** The session policy and the policy ARNs share one limit. */
  #checkPolicyLength(policy: string): string {
    const maxLength = POLICY_LIMIT - (this.#parts.policyArns ?? []).join('').length;
    if (policy.length <= maxLength) return policy;
    throw new SallyportError('session_value_invalid', {
      reason: 'session.Policy',
      detail: `Your claims yield a session policy of more than ${maxLength} characters, which STS does not accept with the policy ARNs of this role. Ask the operator.`,
    });
  }
}

/** Compiles the session of the role at `path` in the config. */
export function compileSessionTemplate(
  role: Pick<RoleConfig, 'via' | 'session'>,
  path: ConfigPath,
  findings: CompileFindings,
): SessionTemplate {
  const { errors, warnings } = findings;
  const config: SessionConfig = role.session ?? {};
  const at = (...rest: ConfigPath) => [...path, 'session', ...rest];
  const claims = new Set<string>();
  const parse = (source: string, where: ConfigPath, options?: Parameters<typeof parseTemplate>[1]) => {
    const template = parseOrReport(source, where, errors, options);
    for (const claim of template.claims) claims.add(claim);
    return template;
  };

  const policy =
    config.policy &&
    new InlinePolicy(config.policy, {
      parseTemplate: (source, rest) => parse(source, at('policy', ...rest), { policyVariables: true }),
      report: (rest, message) => errors.push({ path: at('policy', ...rest), message }),
    });
  const tags = config.tags && compileTags(config.tags, at('tags'), errors);
  for (const [, value] of tags ?? []) for (const claim of value.claims) claims.add(claim);
  errors.push(...checkTransitiveTags(config.transitiveTags ?? [], config.tags ?? {}, at('transitiveTags')));
  const packed = checkPackedSize(
    {
      policy: (value) => policy?.renderWithPlaceholder(value) ?? '',
      policyArns: config.policyArns ?? [],
      tags: tags ?? [],
    },
    at(),
  );
  errors.push(...packed.errors);
  warnings.push(...packed.warnings);

  const nameConstraint = sessionNameConstraint(role.via);
  const configuredName =
    nameConstraint && config.name !== undefined
      ? parse(config.name, at('name'), { roleSessionName: true })
      : undefined;
  if (nameConstraint && configuredName)
    errors.push(...checkTemplate(nameConstraint, configuredName, at('name')));
  const sourceIdentity =
    config.sourceIdentity === undefined ? undefined : parse(config.sourceIdentity, at('sourceIdentity'));
  if (sourceIdentity) errors.push(...checkTemplate(SOURCE_IDENTITY, sourceIdentity, at('sourceIdentity')));

  return new SessionTemplate({
    durationLimits: compileDurationLimits(config, role.via, 'chain' in role, at, findings),
    policyFixed:
      OPERATIONS_WITHOUT_CALLER_POLICY.includes(role.via) ||
      config.policy !== undefined ||
      config.policyArns !== undefined,
    acceptsRoleSessionName: configuredName?.usesRoleSessionName ?? false,
    name: SessionName.compile(role.via, configuredName),
    sourceIdentity,
    transitiveTags: config.transitiveTags,
    policy,
    policyArns: config.policyArns,
    tags,
    claims,
  });
}

/** Stands in for an invalid template, so that one mistake is one error. */
const VALID_TEMPLATE = parseTemplate('${claims.sub}');

function parseOrReport(
  source: string,
  path: ConfigPath,
  errors: ConfigError[],
  options?: Parameters<typeof parseTemplate>[1],
): Template {
  try {
    return parseTemplate(source, options);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    errors.push({ path, message: error.message });
    return VALID_TEMPLATE;
  }
}

/** The error if STS would refuse the value for any claims. */
function checkTemplate(
  constraint: StsConstraint,
  template: Template,
  path: ConfigPath,
): readonly ConfigError[] {
  const isFixed = template.claims.length === 0 && !template.usesRoleSessionName;
  const shortest = isFixed
    ? template.renderWithPlaceholder('')
    : template.renderWithPlaceholder('x').padEnd(2, 'x');
  return constraint.pattern.test(shortest)
    ? []
    : [{ path, message: `STS would refuse this value. A ${constraint.name} must be ${constraint.rule}.` }];
}

function checkTransitiveTags(
  keys: readonly string[],
  tags: Readonly<Record<string, string>>,
  path: ConfigPath,
): readonly ConfigError[] {
  const message = 'A transitive tag must be a tag of this session. Add it to tags with the same spelling.';
  return keys.flatMap((key, index) =>
    Object.hasOwn(tags, key) ? [] : [{ path: [...path, index], message }],
  );
}

function compileTags(
  tags: Readonly<Record<string, string>>,
  path: ConfigPath,
  errors: ConfigError[],
): readonly TagTemplate[] {
  const lowerCaseKeys = new Set<string>();
  return Object.entries(tags).map(([key, source]) => {
    const tagPath = [...path, key];
    if (!TAG_KEY.pattern.test(key))
      errors.push({ path: tagPath, message: `A tag key must be ${TAG_KEY.rule}.` });
    if (lowerCaseKeys.has(key.toLowerCase()))
      errors.push({ path: tagPath, message: 'Tag keys must not differ only in case. Rename one of them.' });
    lowerCaseKeys.add(key.toLowerCase());
    const value = parseOrReport(source, tagPath, errors);
    errors.push(...checkTemplate(TAG_VALUE, value, tagPath));
    return [key, value] as const;
  });
}
