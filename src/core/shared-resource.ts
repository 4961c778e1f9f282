// Reference-counted resources that are expensive to open, such as connections and fetched keys. On a reload, the new
// config reuses the resources whose settings did not change.

interface Closable {
  close(): void | Promise<void>;
}

interface Lease<Resource> {
  readonly resource: Resource;
  /** Closes the resource unless another lease is open. To be called once. */
  release(): Promise<void>;
}

/** Acquires a resource. */
export type Pool<Settings, Resource> = (settings: Settings) => Lease<Resource>;

/** Settings with the same key share a resource. A key may contain secrets, since it stays in memory. */
export function createPool<Settings, Resource extends Closable>(
  open: (settings: Settings) => Resource,
  keyOf: (settings: Settings) => string = JSON.stringify,
): Pool<Settings, Resource> {
  const shared = new Map<string, { readonly resource: Resource; leases: number }>();
  return (settings) => {
    const key = keyOf(settings);
    const entry = shared.get(key) ?? { resource: open(settings), leases: 0 };
    shared.set(key, entry);
    entry.leases++;
    return {
      resource: entry.resource,
      release: async () => {
        entry.leases--;
        if (entry.leases > 0) return;
        shared.delete(key);
        await entry.resource.close();
      },
    };
  };
}
