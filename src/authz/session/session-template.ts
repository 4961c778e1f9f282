// A role's session: compiled from its templates when the config loads, filled for a principal when it is decided.
import type { RoleConfig } from '../../config/schema/role.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { SallyportError } from '../../core/errors.js';
import type { Claims, Operation, Session } from '../../core/types.js';
import { compileDurationLimits, type DurationLimits } from './duration-limits.js';
import { compileInlinePolicy } from './inline-policy.js';
import { checkPackedSize, POLICY_LIMIT } from './packed-policy-size.js';
import { compileSessionName, sessionNameConstraint } from './role-session-name.js';
import {
  checkStsValue,
  POLICY_TEXT,
  SOURCE_IDENTITY,
  type StsConstraint,
  TAG_KEY,
  TAG_VALUE,
} from './sts-constraints.js';
import { parseTemplate, type Template, TemplateError } from './template.js';

/** Operations for which no Policy of the caller's can only reduce: STS takes none, or nothing is permitted without one. */
const TAKES_NO_POLICY: readonly Operation[] = ['GetFederationToken', 'GetSessionToken'];

/** What of the session does not depend on the request. */
export type RenderedSession = Omit<Session, 'durationSeconds'>;

export interface SessionTemplate {
  readonly durationLimits: DurationLimits;
  /** The role sets a session policy itself, or has no permissions without one: the caller may not add to it. */
  readonly policyFixed: boolean;
  /** Whether the caller may name the session, or part of its name. */
  readonly acceptsRoleSessionName: boolean;
  /** @throws SallyportError `session_value_invalid`; for a RoleSessionName that is missing or does not fit, `parameter_invalid`. */
  render(claims: Claims, roleSessionName?: string): RenderedSession;
}

/** In place of a template at fault, so that one mistake is one fault. */
const STAND_IN = parseTemplate('${claims.sub}');

type Part = (claims: Claims, roleSessionName: string | undefined) => Partial<RenderedSession>;

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

/** What is wrong with a config, and what may go wrong with it. */
export interface CompileFindings {
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
}

/** Compiles the session of a role; `path` is the role's place in the config. */
export function compileSessionTemplate(
  role: Pick<RoleConfig, 'via' | 'session'>,
  path: ConfigPath,
  { errors: faults, warnings }: CompileFindings,
): SessionTemplate {
  const config: SessionConfig = role.session ?? {};
  const at = (...rest: (string | number)[]) => [...path, 'session', ...rest];
  const template = (
    source: string,
    where: ConfigPath,
    options?: Parameters<typeof parseTemplate>[1],
  ): Template => {
    try {
      return parseTemplate(source, options);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      faults.push({ path: where, message: error.message });
      return STAND_IN;
    }
  };

  /** A template for one place, judged. */
  const value = (place: StsConstraint, source: string, key: string) => {
    const parsed = template(source, at(key));
    faults.push(...shapeFaults(place, parsed, at(key)));
    return (claims: Claims) => checkStsValue(place, parsed.render(claims));
  };

  const place = sessionNameConstraint(role.via);
  const { sourceIdentity, transitiveTags } = config;
  const policy =
    config.policy &&
    compileInlinePolicy(config.policy, {
      template: (source, rest) => template(source, at('policy', ...rest), { policyVariables: true }),
      fault: (rest, message) => faults.push({ path: at('policy', ...rest), message }),
    });
  const { policyArns } = config;
  const tags = compileTags(config.tags ?? {}, at('tags'), template, faults);
  faults.push(...transitiveFaults(transitiveTags ?? [], config.tags ?? {}, at('transitiveTags')));
  const packed = checkPackedSize(
    { policy: (value) => policy?.renderWithPlaceholder(value) ?? '', policyArns: policyArns ?? [], tags },
    at(),
  );
  faults.push(...packed.faults);
  warnings.push(...packed.warnings);

  const parts: Part[] = [];
  const named =
    place && config.name !== undefined
      ? template(config.name, at('name'), { roleSessionName: true })
      : undefined;
  if (place && named) faults.push(...shapeFaults(place, named, at('name')));
  const name = compileSessionName(role.via, named);
  if (name) parts.push((claims, roleSessionName) => ({ name: name(claims, roleSessionName) }));
  if (sourceIdentity !== undefined) {
    const identity = value(SOURCE_IDENTITY, sourceIdentity, 'sourceIdentity');
    parts.push((claims) => ({ sourceIdentity: identity(claims) }));
  }
  if (transitiveTags) parts.push(() => ({ transitiveTags }));
  if (policy) {
    const room = POLICY_LIMIT - (policyArns ?? []).join('').length;
    parts.push((claims) => ({ policy: checkRoom(checkStsValue(POLICY_TEXT, policy.render(claims)), room) }));
  }
  if (policyArns) parts.push(() => ({ policyArns }));
  if (config.tags) {
    parts.push((claims) => ({
      tags: Object.fromEntries(
        tags.map(([key, value]) => [key, checkStsValue(TAG_VALUE, value.render(claims))]),
      ),
    }));
  }

  return {
    durationLimits: compileDurationLimits(config, role.via, 'chain' in role, at, { faults, warnings }),
    policyFixed:
      TAKES_NO_POLICY.includes(role.via) || config.policy !== undefined || config.policyArns !== undefined,
    acceptsRoleSessionName: named?.usesRoleSessionName ?? false,
    render: (claims, roleSessionName) =>
      Object.assign({}, ...parts.map((part) => part(claims, roleSessionName))),
  };
}

/** What AWS would refuse whatever the claims are. */
function shapeFaults(place: StsConstraint, template: Template, path: ConfigPath): readonly ConfigError[] {
  const isFixed = template.claims.length === 0 && !template.usesRoleSessionName;
  const shape = isFixed
    ? template.renderWithPlaceholder('')
    : template.renderWithPlaceholder('x').padEnd(2, 'x');
  return place.pattern.test(shape)
    ? []
    : [{ path, message: `STS would refuse this: a ${place.name} must be ${place.rule}.` }];
}

function transitiveFaults(
  keys: readonly string[],
  tags: Readonly<Record<string, string>>,
  path: ConfigPath,
): readonly ConfigError[] {
  const message = 'Only a tag of this session can be transitive. Add it to tags, spelled the same.';
  return keys.flatMap((key, index) =>
    Object.hasOwn(tags, key) ? [] : [{ path: [...path, index], message }],
  );
}

/** The session policy shares its room with the ARNs of managed ones. */
function checkRoom(policy: string, room: number): string {
  if (policy.length <= room) return policy;
  throw new SallyportError('session_value_invalid', {
    reason: 'session.Policy',
    detail: `Your claims yield a session policy of more than the ${room} characters there are beside the policy ARNs. Ask the operator.`,
  });
}

function compileTags(
  tags: Readonly<Record<string, string>>,
  path: ConfigPath,
  template: (source: string, path: ConfigPath) => Template,
  faults: ConfigError[],
): readonly (readonly [key: string, value: Template])[] {
  const lower = new Set<string>();
  return Object.entries(tags).map(([key, source]) => {
    const at = [...path, key];
    if (!TAG_KEY.pattern.test(key)) faults.push({ path: at, message: `A tag key must be ${TAG_KEY.rule}.` });
    if (lower.has(key.toLowerCase()))
      faults.push({ path: at, message: 'Tag keys differ in more than case for AWS. Rename one.' });
    lower.add(key.toLowerCase());
    const value = template(source, at);
    faults.push(...shapeFaults(TAG_VALUE, value, at));
    return [key, value] as const;
  });
}
