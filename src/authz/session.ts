// A role's session: compiled from its templates when the config loads, filled for a principal when it is decided.
import type { RoleConfig } from '../config/schema/role.js';
import { formatSeconds, seconds } from '../core/duration.js';
import type { ConfigPath, Fault } from '../core/fault.js';
import type { Claims, Operation } from '../core/types.js';
import {
  checkPlace,
  checkPolicyValue,
  FEDERATED_USER_NAME,
  POLICY_TEXT,
  ROLE_SESSION_NAME,
  TAG_KEY,
  TAG_VALUE,
} from './places.js';
import { parseTemplate, type Template, TemplateError } from './template.js';

/** STS's own bounds of DurationSeconds; the defaults are the broker's. */
const MIN_SECONDS = 900;
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

type Part = (claims: Claims) => Partial<FilledSession>;

interface SessionConfig {
  readonly name?: string;
  readonly duration?: string;
  readonly maxDuration?: string;
  readonly policy?: Record<string, unknown>;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** Compiles the session of a role; faults go to `faults`, with `path` as the role's place in the config. */
export function compileSession(role: RoleConfig, path: ConfigPath, faults: Fault[]): CompiledSession {
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
      return parseTemplate('');
    }
  };

  const place = role.via === 'GetFederationToken' ? FEDERATED_USER_NAME : ROLE_SESSION_NAME;
  const name = template(config.name ?? DEFAULT_NAMES[role.via], at('name'));
  const parts: Part[] = [];
  if (config.policy) {
    const policy = compilePolicy(config.policy, (source, rest) =>
      template(source, at('policy', ...rest), { policyVariables: true }),
    );
    parts.push((claims) => ({ policy: checkPlace(POLICY_TEXT, JSON.stringify(policy(claims))) }));
  }
  if (config.policyArns) {
    const { policyArns } = config;
    parts.push(() => ({ policyArns }));
  }
  if (config.tags) {
    const tags = compileTags(config.tags, at('tags'), template, faults);
    parts.push((claims) => ({ tags: tags(claims) }));
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

/** Templates sit in the strings of a policy, keys excepted; values go in as data, so JSON escapes them. */
function compilePolicy(
  node: unknown,
  template: (source: string, path: readonly (string | number)[]) => Template,
  path: readonly (string | number)[] = [],
): (claims: Claims) => unknown {
  if (typeof node === 'string') {
    const compiled = template(node, path);
    return (claims) => compiled.fill(claims, checkPolicyValue);
  }
  if (Array.isArray(node)) {
    const items = node.map((item, index) => compilePolicy(item, template, [...path, index]));
    return (claims) => items.map((item) => item(claims));
  }
  if (typeof node === 'object' && node !== null) {
    const entries = Object.entries(node).map(
      ([key, item]) => [key, compilePolicy(item, template, [...path, key])] as const,
    );
    return (claims) => Object.fromEntries(entries.map(([key, item]) => [key, item(claims)]));
  }
  return () => node;
}

function compileTags(
  tags: Readonly<Record<string, string>>,
  path: ConfigPath,
  template: (source: string, path: ConfigPath) => Template,
  faults: Fault[],
): (claims: Claims) => Readonly<Record<string, string>> {
  const lower = new Set<string>();
  const compiled = Object.entries(tags).map(([key, source]) => {
    if (!TAG_KEY.pattern.test(key))
      faults.push({ path: [...path, key], message: `A tag key must be ${TAG_KEY.rule}.` });
    if (lower.has(key.toLowerCase())) {
      faults.push({
        path: [...path, key],
        message: 'Tag keys differ in more than case for AWS. Rename one.',
      });
    }
    lower.add(key.toLowerCase());
    return [key, template(source, [...path, key])] as const;
  });
  return (claims) =>
    Object.fromEntries(compiled.map(([key, value]) => [key, checkPlace(TAG_VALUE, value.fill(claims))]));
}
