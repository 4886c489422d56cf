/** State that all copies of this package in one process share: bundlers make several. */
export function shared<Value>(name: string, make: () => Value): Value {
  const symbol = Symbol.for(`payload-kv.${name}`);
  const place = globalThis as unknown as Record<symbol, Value | undefined>;
  place[symbol] ??= make();
  return place[symbol];
}
