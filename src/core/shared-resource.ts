// What is costly to open (connections, fetched keys), shared by all who want the same, and closed with the last of
// them: a new config keeps what the old one had where nothing changed.

interface Closable {
  close(): void | Promise<void>;
}

/** The thing itself for as long as it is held. */
interface Lease<Thing> {
  readonly resource: Thing;
  /** Closes the thing if nobody else holds it. To be called once. */
  release(): Promise<void>;
}

export type Pool<Wanted, Thing> = (wanted: Wanted) => Lease<Thing>;

/** `keyOf` says which wants are the same; a key may hold secrets, it stays in memory. */
export function createPool<Wanted, Thing extends Closable>(
  open: (wanted: Wanted) => Thing,
  keyOf: (wanted: Wanted) => string = JSON.stringify,
): Pool<Wanted, Thing> {
  const shared = new Map<string, { readonly thing: Thing; holders: number }>();
  return (wanted) => {
    const key = keyOf(wanted);
    const entry = shared.get(key) ?? { thing: open(wanted), holders: 0 };
    shared.set(key, entry);
    entry.holders++;
    return {
      resource: entry.thing,
      release: async () => {
        entry.holders--;
        if (entry.holders > 0) return;
        shared.delete(key);
        await entry.thing.close();
      },
    };
  };
}
