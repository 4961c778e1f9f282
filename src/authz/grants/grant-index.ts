// Grants looked up by the value of a claim and by role, so that a decision reads only the few that could apply and
// its cost does not grow with the config.

import { claimValues, toText } from './claim-matcher.js';
import type { EvaluationContext } from './evaluation-context.js';
import type { CompiledGrant } from './grant.js';

/** The grants that could apply, in the order of the config; each is still to be judged. */
type Lookup = (situation: EvaluationContext) => readonly CompiledGrant[];

/** The grants of one issuer. */
export interface GrantIndex {
  readonly forAnyRole: Lookup;
  /** Those that cover a role by one of these names. */
  forRole(names: readonly string[]): Lookup;
}

export function indexGrants(grants: readonly CompiledGrant[]): GrantIndex {
  const lookups = new Map([...groupByRole(grants)].map(([role, covering]) => [role, indexByClaim(covering)]));
  return {
    forAnyRole: indexByClaim(grants),
    forRole: (names) => (situation) =>
      inOrder([...names, '*'].flatMap((name) => lookups.get(name)?.(situation) ?? [])),
  };
}

/** The grants that cover a role by one of its names, in the order of the config. */
export function indexByRole(
  grants: readonly CompiledGrant[],
): (names: readonly string[]) => readonly CompiledGrant[] {
  const byRole = groupByRole(grants);
  return (names) => inOrder([...names, '*'].flatMap((name) => byRole.get(name) ?? []));
}

function groupByRole(grants: readonly CompiledGrant[]): ReadonlyMap<string, readonly CompiledGrant[]> {
  const byRole = new Map<string, CompiledGrant[]>();
  for (const grant of grants) for (const role of grant.roles) append(byRole, role, grant);
  return byRole;
}

function indexByClaim(grants: readonly CompiledGrant[]): Lookup {
  const byClaim = new Map<string, Map<string, CompiledGrant[]>>();
  const others: CompiledGrant[] = [];
  for (const grant of grants) {
    if (!grant.anchor) {
      others.push(grant);
      continue;
    }
    const byText = byClaim.get(grant.anchor.claim) ?? new Map<string, CompiledGrant[]>();
    byClaim.set(grant.anchor.claim, byText);
    for (const text of new Set(grant.anchor.texts)) append(byText, text, grant);
  }
  return ({ principal }) => {
    const found = [...byClaim].flatMap(([claim, byText]) =>
      (claimValues(principal.claims, claim) ?? []).flatMap((value) => byText.get(toText(value) ?? '') ?? []),
    );
    return found.length === 0 ? others : inOrder([...others, ...found]);
  };
}

function append(map: Map<string, CompiledGrant[]>, key: string, grant: CompiledGrant): void {
  const list = map.get(key);
  if (list) list.push(grant);
  else map.set(key, [grant]);
}

const inOrder = (grants: readonly CompiledGrant[]) =>
  [...new Set(grants)].sort((a, b) => a.position - b.position);
