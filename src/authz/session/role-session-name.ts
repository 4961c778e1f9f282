// The name of a session, from the role's template and the caller's claims. The caller chooses the name, or a part of it, only
// if the template contains `${request.RoleSessionName}`.
import { SallyportError } from '../../core/errors.js';
import type { Claims, ExchangeRequest, Operation } from '../../core/types.js';
import {
  checkStsValue,
  FEDERATED_USER_NAME,
  ROLE_SESSION_NAME,
  type StsConstraint,
} from './sts-constraints.js';
import { parseTemplate, type Template } from './template.js';

type Sources = readonly [string, ...string[]];

/** The subject of a JWT, or of a SAML assertion. */
const SUBJECT: Sources = ['${slug(claims.sub)}', '${slug(claims.NameID)}'];

/**
 * The constraint of the name, and the default templates: the first one whose claim is present applies. GetSessionToken has
 * no session name.
 */
const SESSION_NAMES: Readonly<
  Partial<Record<Operation, { readonly constraint: StsConstraint; readonly defaults: Sources }>>
> = {
  AssumeRole: { constraint: ROLE_SESSION_NAME, defaults: SUBJECT },
  // STS itself takes the name from this attribute.
  AssumeRoleWithSAML: {
    constraint: ROLE_SESSION_NAME,
    defaults: ['${claims.https://aws.amazon.com/SAML/Attributes/RoleSessionName}'],
  },
  AssumeRoleWithWebIdentity: { constraint: ROLE_SESSION_NAME, defaults: SUBJECT },
  GetFederationToken: { constraint: FEDERATED_USER_NAME, defaults: SUBJECT },
};

/** Undefined if the operation has no session name. */
export const sessionNameConstraint = (operation: Operation): StsConstraint | undefined =>
  SESSION_NAMES[operation]?.constraint;

/** The session name of a role: from the config's template, or from the default templates of the operation. */
export class SessionName {
  readonly #constraint: StsConstraint;
  readonly #configured: Template | undefined;
  readonly #defaults: readonly [Template, ...Template[]];

  private constructor(constraint: StsConstraint, configured: Template | undefined, defaults: Sources) {
    const [first, ...others] = defaults;
    this.#constraint = constraint;
    this.#configured = configured;
    this.#defaults = [parseTemplate(first), ...others.map((source) => parseTemplate(source))];
  }

  /** Undefined if the operation has no session name. */
  static compile(operation: Operation, configured: Template | undefined): SessionName | undefined {
    const name = SESSION_NAMES[operation];
    return name && new SessionName(name.constraint, configured, name.defaults);
  }

  /** @throws SallyportError `session_value_invalid` or `parameter_invalid`. */
  render(claims: Claims, roleSessionName: string | undefined): string {
    return this.#configured
      ? this.#renderConfigured(this.#configured, claims, roleSessionName)
      : this.#renderDefault(claims);
  }

  #renderConfigured(template: Template, claims: Claims, roleSessionName: string | undefined): string {
    const constraint = this.#constraint;
    const name = template.render(claims, { roleSessionName });
    if (!template.usesRoleSessionName || constraint.pattern.test(name))
      return checkStsValue(constraint, name);
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.role_session_name',
      detail: `Your RoleSessionName yields a ${constraint.name} that STS does not accept: it must be ${constraint.rule}. Send another or a shorter one.`,
    });
  }

  /** The claims that the name is made of. */
  claimsFor(claims: Claims): readonly string[] {
    return (this.#configured ?? this.#defaultFor(claims)).claims;
  }

  #renderDefault(claims: Claims): string {
    return checkStsValue(this.#constraint, this.#defaultFor(claims).render(claims));
  }

  #defaultFor(claims: Claims): Template {
    const isPresent = (name: string) => Object.hasOwn(claims, name);
    return this.#defaults.find((each) => each.claims.every(isPresent)) ?? this.#defaults[0];
  }
}

/**
 * The caller's RoleSessionName for a role that accepts one. A preferred name is ignored if the role does not accept one.
 * @throws SallyportError `parameter_invalid` if the request has a RoleSessionName that the role does not accept.
 */
export function requestedRoleSessionName(
  { acceptsRoleSessionName }: { readonly acceptsRoleSessionName: boolean },
  { roleSessionName, preferred }: Pick<ExchangeRequest, 'roleSessionName' | 'preferred'>,
): string | undefined {
  if (acceptsRoleSessionName) return roleSessionName ?? preferred?.roleSessionName;
  if (roleSessionName === undefined) return undefined;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'The config sets the session names of this role. Remove RoleSessionName from the request.',
  });
}
