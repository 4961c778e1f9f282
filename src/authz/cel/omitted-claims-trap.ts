// The claims as an expression reads them if the proof leaves some out: reading one of those throws. An absent key would not do,
// because `has(claims.x)` is then false.
import type { OmittedClaims } from '../../core/omitted-claims.js';
import type { Claims } from '../../core/types.js';
import { UnknownClaimsError } from '../grants/evaluation-context.js';

/** The claims, except that reading an omitted one adds its name to `unknown` and throws. */
export function trapOmittedClaims(
  claims: Claims,
  omitted: OmittedClaims,
  readsAllClaims: boolean,
  unknown: Set<string>,
): Claims {
  const fail = (name: string): never => {
    unknown.add(name);
    throw new UnknownClaimsError([name]);
  };
  const requireKnown = (name: string | symbol) => {
    if (typeof name === 'string' && omitted.includes(name)) fail(name);
  };
  const known = Object.entries(claims).filter(([name]) => !omitted.includes(name));
  return new Proxy(Object.assign(Object.create(null), Object.fromEntries(known)), {
    get(target, name) {
      // CEL reads `constructor` for the type of a value. For a claim of that name, it checks its presence first.
      if (name !== 'constructor') requireKnown(name);
      return Reflect.get(target, name);
    },
    has(target, name) {
      requireKnown(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      requireKnown(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys(target) {
      if (readsAllClaims) fail('all claims');
      return Reflect.ownKeys(target);
    },
  });
}
