// Objects without undefined members, for types whose optional members must be absent rather than undefined.

type WithoutUndefined<T> = {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** A copy of the object without the members that are undefined. */
export function omitUndefined<T extends object>(object: T): WithoutUndefined<T> {
  const defined: Partial<T> = {};
  for (const key of Object.keys(object) as (keyof T)[])
    if (object[key] !== undefined) defined[key] = object[key];
  return defined as unknown as WithoutUndefined<T>;
}
