// What a session is called: as the policy says, from the caller's claims, and by the caller itself only where the
// template of the role says so.
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

/** The subject of a JWT, or of an assertion. */
const SUBJECT: Sources = ['${slug(claims.sub)}', '${slug(claims.NameID)}'];

/**
 * What the session is called, and from what if the config does not say: the first of `templates` whose claim is there.
 * GetSessionToken has no name for it.
 */
const NAMES: Readonly<
  Partial<Record<Operation, { readonly place: StsConstraint; readonly templates: Sources }>>
> = {
  AssumeRole: { place: ROLE_SESSION_NAME, templates: SUBJECT },
  // There is no other: STS takes the name from this attribute.
  AssumeRoleWithSAML: {
    place: ROLE_SESSION_NAME,
    templates: ['${claims.https://aws.amazon.com/SAML/Attributes/RoleSessionName}'],
  },
  AssumeRoleWithWebIdentity: { place: ROLE_SESSION_NAME, templates: SUBJECT },
  GetFederationToken: { place: FEDERATED_USER_NAME, templates: SUBJECT },
};

/** Where the name goes in what STS is asked; undefined: it takes none. */
export const sessionNameConstraint = (operation: Operation): StsConstraint | undefined =>
  NAMES[operation]?.place;

type SessionName = (claims: Claims, roleSessionName: string | undefined) => string;

/** The name by the template of the config, or by what stands in if there is none; undefined: STS takes none. */
export function compileSessionName(
  operation: Operation,
  template: Template | undefined,
): SessionName | undefined {
  const naming = NAMES[operation];
  if (!naming) return undefined;
  return template ? givenName(naming.place, template) : defaultName(naming.place, naming.templates);
}

function givenName(place: StsConstraint, template: Template): SessionName {
  return (claims, roleSessionName) => {
    const name = template.render(claims, { roleSessionName });
    if (!template.usesRoleSessionName || place.pattern.test(name)) return checkStsValue(place, name);
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.role_session_name',
      detail: `With your RoleSessionName the session would have a ${place.name} that STS does not take: it must be ${place.rule}. Send another, or a shorter one.`,
    });
  };
}

function defaultName(place: StsConstraint, [source, ...others]: Sources): SessionName {
  const first = parseTemplate(source);
  const templates = [first, ...others.map((other) => parseTemplate(other))];
  return (claims) => {
    const isThere = (name: string) => Object.hasOwn(claims, name);
    const template = templates.find((each) => each.claims.every(isThere)) ?? first;
    return checkStsValue(place, template.render(claims));
  };
}

/**
 * The caller's RoleSessionName for a session, if the role takes one. A wish is no fault elsewhere.
 * @throws SallyportError `parameter_invalid` for one that was asked for and cannot be had.
 */
export function requestedRoleSessionName(
  { acceptsRoleSessionName }: { readonly acceptsRoleSessionName: boolean },
  { roleSessionName, preferred }: Pick<ExchangeRequest, 'roleSessionName' | 'preferred'>,
): string | undefined {
  if (acceptsRoleSessionName) return roleSessionName ?? preferred?.roleSessionName;
  if (roleSessionName === undefined) return undefined;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'The policy names the sessions of this role, so RoleSessionName may not be sent. Leave it out.',
  });
}
