// Indexes of grants by claim value and by role. A decision evaluates only the few grants that could apply, so its cost
// does not grow with the config.
import { claimValues, toText } from './claim-matcher.js';
import type { EvaluationContext } from './evaluation-context.js';
import type { CompiledGrant } from './grant.js';

/** Finds grants by role. */
export class GrantsByRole {
  readonly #byRole = new Map<string, CompiledGrant[]>();

  constructor(grants: readonly CompiledGrant[]) {
    for (const grant of grants) for (const role of grant.roles) append(this.#byRole, role, grant);
  }

  /** The grants that cover a role with one of these names, in the order of the config. */
  find(names: readonly string[]): readonly CompiledGrant[] {
    return inConfigOrder([...names, '*'].flatMap((name) => this.#byRole.get(name) ?? []));
  }

  entries(): Iterable<readonly [role: string, grants: readonly CompiledGrant[]]> {
    return this.#byRole;
  }
}

/** Finds the grants of one issuer that could apply. All of them must still be evaluated. */
export class GrantIndex {
  readonly #byClaim: GrantsByClaim;
  readonly #byRole: ReadonlyMap<string, GrantsByClaim>;

  constructor(grants: readonly CompiledGrant[]) {
    this.#byClaim = new GrantsByClaim(grants);
    this.#byRole = new Map(
      [...new GrantsByRole(grants).entries()].map(([role, ofRole]) => [role, new GrantsByClaim(ofRole)]),
    );
  }

  /** In the order of the config. */
  find(context: EvaluationContext): readonly CompiledGrant[] {
    return this.#byClaim.find(context);
  }

  /** Only grants that cover a role with one of these names, in the order of the config. */
  findForRole(names: readonly string[], context: EvaluationContext): readonly CompiledGrant[] {
    return inConfigOrder([...names, '*'].flatMap((name) => this.#byRole.get(name)?.find(context) ?? []));
  }
}

class GrantsByClaim {
  /** By claim, then by value. */
  readonly #anchored = new Map<string, Map<string, CompiledGrant[]>>();
  readonly #withoutAnchor: CompiledGrant[] = [];

  constructor(grants: readonly CompiledGrant[]) {
    for (const grant of grants) {
      if (!grant.anchor) {
        this.#withoutAnchor.push(grant);
        continue;
      }
      const byText = this.#anchored.get(grant.anchor.claim) ?? new Map<string, CompiledGrant[]>();
      this.#anchored.set(grant.anchor.claim, byText);
      for (const text of new Set(grant.anchor.texts)) append(byText, text, grant);
    }
  }

  find({ principal, omitted }: EvaluationContext): readonly CompiledGrant[] {
    const anchored = [...this.#anchored].flatMap(([claim, byText]) => {
      // An unknown claim may have any value.
      if (omitted.includesPath(claim)) return [...byText.values()].flat();
      return (claimValues(principal.claims, claim) ?? []).flatMap(
        (value) => byText.get(toText(value) ?? '') ?? [],
      );
    });
    return anchored.length === 0 ? this.#withoutAnchor : inConfigOrder([...this.#withoutAnchor, ...anchored]);
  }
}

function append(map: Map<string, CompiledGrant[]>, key: string, grant: CompiledGrant): void {
  const list = map.get(key);
  if (list) list.push(grant);
  else map.set(key, [grant]);
}

/** Sorted and without duplicates. */
const inConfigOrder = (grants: readonly CompiledGrant[]) =>
  [...new Set(grants)].sort((a, b) => a.position - b.position);
