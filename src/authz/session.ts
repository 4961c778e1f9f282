// A role's session: compiled from its templates when the config loads, filled for a principal when it is decided.
import type { RoleConfig } from '../config/schema/role.js';
import { formatSeconds, seconds } from '../core/duration.js';
import { SallyportError } from '../core/errors.js';
import type { ConfigPath, Fault } from '../core/fault.js';
import type { Claims, Operation } from '../core/types.js';
import { judgePackedSize, POLICY_LIMIT } from './packed-size.js';
import {
  checkPlace,
  FEDERATED_USER_NAME,
  type Place,
  POLICY_TEXT,
  ROLE_SESSION_NAME,
  TAG_KEY,
  TAG_VALUE,
} from './places.js';
import { compileSessionPolicy } from './session-policy.js';
import { parseTemplate, type Template, TemplateError } from './template.js';

/** STS's own bounds of DurationSeconds; the defaults are the broker's. */
export const MIN_SECONDS = 900;
const MAX_SECONDS: Readonly<Record<Operation, number>> = {
  AssumeRoleWithSAML: 43_200,
  AssumeRoleWithWebIdentity: 43_200,
  GetFederationToken: 129_600,
};
const DEFAULT_SECONDS = 3600;

/** For AssumeRoleWithSAML there is no other: STS takes the name from this attribute. */
const DEFAULT_NAMES: Readonly<Record<Operation, string>> = {
  AssumeRoleWithSAML: '${claims.https://aws.amazon.com/SAML/Attributes/RoleSessionName}',
  AssumeRoleWithWebIdentity: '${slug(claims.sub)}',
  GetFederationToken: '${slug(claims.sub)}',
};

/** What of the session does not depend on the request. */
export interface FilledSession {
  readonly name: string;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface CompiledSession {
  readonly defaultSeconds: number;
  readonly maxSeconds: number;
  /** The role sets a session policy itself, or has no permissions without one: the caller may not add to it. */
  readonly policyFixed: boolean;
  /** @throws SallyportError `session_value_invalid`. */
  fill(claims: Claims): FilledSession;
}

/** In place of a template at fault, so that one mistake is one fault. */
const STAND_IN = parseTemplate('${claims.sub}');

type Part = (claims: Claims) => Partial<FilledSession>;

interface SessionConfig {
  readonly name?: string;
  readonly duration?: string;
  readonly maxDuration?: string;
  readonly policy?: Record<string, unknown>;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** What is wrong with a config, and what may go wrong with it. */
export interface Findings {
  readonly faults: Fault[];
  readonly warnings: Fault[];
}

/** Compiles the session of a role; `path` is the role's place in the config. */
export function compileSession(
  role: Pick<RoleConfig, 'via' | 'session'>,
  path: ConfigPath,
  { faults, warnings }: Findings,
): CompiledSession {
  const config: SessionConfig = role.session ?? {};
  const at = (...rest: (string | number)[]) => [...path, 'session', ...rest];
  const template = (
    source: string,
    where: ConfigPath,
    options?: { readonly policyVariables: boolean },
  ): Template => {
    try {
      return parseTemplate(source, options);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      faults.push({ path: where, message: error.message });
      return STAND_IN;
    }
  };

  const place = role.via === 'GetFederationToken' ? FEDERATED_USER_NAME : ROLE_SESSION_NAME;
  const name = template(config.name ?? DEFAULT_NAMES[role.via], at('name'));
  if (config.name !== undefined) faults.push(...shapeFaults(place, name, at('name')));
  const policy =
    config.policy &&
    compileSessionPolicy(config.policy, {
      template: (source, rest) => template(source, at('policy', ...rest), { policyVariables: true }),
      fault: (rest, message) => faults.push({ path: at('policy', ...rest), message }),
    });
  const { policyArns } = config;
  const tags = compileTags(config.tags ?? {}, at('tags'), template, faults);
  const packed = judgePackedSize(
    { policy: (value) => policy?.shape(value) ?? '', policyArns: policyArns ?? [], tags },
    at(),
  );
  faults.push(...packed.faults);
  warnings.push(...packed.warnings);

  const parts: Part[] = [];
  if (policy) {
    const room = POLICY_LIMIT - (policyArns ?? []).join('').length;
    parts.push((claims) => ({ policy: checkRoom(checkPlace(POLICY_TEXT, policy.fill(claims)), room) }));
  }
  if (policyArns) parts.push(() => ({ policyArns }));
  if (config.tags) {
    parts.push((claims) => ({
      tags: Object.fromEntries(tags.map(([key, value]) => [key, checkPlace(TAG_VALUE, value.fill(claims))])),
    }));
  }

  return {
    ...compileDurations(config, role.via, at, faults),
    policyFixed:
      role.via === 'GetFederationToken' || config.policy !== undefined || config.policyArns !== undefined,
    fill: (claims) =>
      Object.assign({ name: checkPlace(place, name.fill(claims)) }, ...parts.map((part) => part(claims))),
  };
}

function compileDurations(
  config: SessionConfig,
  via: Operation,
  at: (...rest: string[]) => ConfigPath,
  faults: Fault[],
): { readonly defaultSeconds: number; readonly maxSeconds: number } {
  const bound = (key: 'duration' | 'maxDuration'): number | undefined => {
    const text = config[key];
    if (text === undefined) return undefined;
    const value = seconds(text);
    if (value < MIN_SECONDS || value > MAX_SECONDS[via]) {
      const range = `${formatSeconds(MIN_SECONDS)} to ${formatSeconds(MAX_SECONDS[via])}`;
      faults.push({ path: at(key), message: `${via} takes ${range}. Write a duration in that range.` });
    }
    return value;
  };
  const duration = bound('duration');
  const maxDuration = bound('maxDuration');
  if (duration !== undefined && maxDuration !== undefined && duration > maxDuration) {
    faults.push({
      path: at('duration'),
      message: 'duration is above maxDuration. Lower it, or raise maxDuration.',
    });
  }
  const maxSeconds = maxDuration ?? Math.max(duration ?? 0, DEFAULT_SECONDS);
  return { defaultSeconds: duration ?? Math.min(DEFAULT_SECONDS, maxSeconds), maxSeconds };
}

/** What AWS would refuse whatever the claims are. */
function shapeFaults(place: Place, template: Template, path: ConfigPath): readonly Fault[] {
  const shape = template.claims.length === 0 ? template.shape('') : template.shape('x').padEnd(2, 'x');
  return place.pattern.test(shape)
    ? []
    : [{ path, message: `STS would refuse this: a ${place.name} must be ${place.rule}.` }];
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
  faults: Fault[],
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
