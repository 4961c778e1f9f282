// The storage of the OIDC provider for sessions, codes and grants: in memory, until they expire.
import { LRUCache } from 'lru-cache';

interface Payload {
  readonly uid?: string;
  readonly userCode?: string;
  readonly grantId?: string;
  consumed?: number;
}

/** A factory for oidc-provider's option `adapter`: one adapter per model, over a shared store. */
export function memoryAdapter() {
  const store = new LRUCache<string, Payload>({ max: 10_000 });

  return (model: string) => {
    const key = (id: string) => `${model}:${id}`;
    const findWith = (field: 'uid' | 'userCode', value: string) =>
      [...store.entries()].find(
        ([name, payload]) => name.startsWith(key('')) && payload[field] === value,
      )?.[1];
    return {
      async upsert(id: string, payload: Payload, expiresIn: number) {
        store.set(key(id), payload, { ttl: expiresIn * 1000 });
      },
      async find(id: string) {
        return store.get(key(id));
      },
      findByUid: async (uid: string) => findWith('uid', uid),
      findByUserCode: async (userCode: string) => findWith('userCode', userCode),
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
