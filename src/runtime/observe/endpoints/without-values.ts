/** The value of a slice, `posts?slug=hello`. Names are escaped, so that no other tag has both signs. */
const VALUE = /^([^?]+\?[^=]+=).*$/s;

/** Tags without the values of slices, as `posts?slug=…`: those are a document's, which not everybody may read. */
export const tagsWithoutValues = (tags: readonly string[]): string[] => [
  ...new Set(tags.map((tag) => tag.replace(VALUE, '$1…'))),
];
