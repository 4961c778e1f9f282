// Where the sandbox's OIDC provider keeps sessions, codes and grants: in memory, per provider, until they expire.
import { LRUCache } from 'lru-cache';

interface Payload {
  readonly uid?: string;
  readonly grantId?: string;
  consumed?: number;
}

/** A factory in the shape oidc-provider's `adapter` option asks for: one adapter a model over one store. */
export function memoryAdapter() {
  const store = new LRUCache<string, Payload>({ max: 10_000 });

  return (model: string) => {
    const key = (id: string) => `${model}:${id}`;
    return {
      async upsert(id: string, payload: Payload, expiresIn: number) {
        store.set(key(id), payload, { ttl: expiresIn * 1000 });
      },
      async find(id: string) {
        return store.get(key(id));
      },
      async findByUid(uid: string) {
        for (const [name, payload] of store.entries()) {
          if (name.startsWith(`${model}:`) && payload.uid === uid) return payload;
        }
        return undefined;
      },
      async consume(id: string) {
        const payload = store.get(key(id));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id: string) {
        store.delete(key(id));
      },
      async revokeByGrantId(grantId: string) {
        for (const [name, payload] of store.entries()) {
          if (payload.grantId === grantId) store.delete(name);
        }
      },
    };
  };
}
