export function isObject(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}

export default function deepMerge<T, R>(target: T, source: R): T {
  const output: any = { ...target };
  if (isObject(target) && isObject(source)) {
    Object.keys(source).forEach((key) => {
      if (isObject((source as any)[key])) {
        if (!(key in (target as any))) Object.assign(output, { [key]: (source as any)[key] });
        else output[key] = deepMerge((target as any)[key], (source as any)[key]);
      } else {
        Object.assign(output, { [key]: (source as any)[key] });
      }
    });
  }
  return output;
}
