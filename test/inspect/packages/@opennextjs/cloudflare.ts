/** A context with the bindings of a site. */
export const getCloudflareContext = async (_options: { async: true }) => ({
  env: { D1: {}, PAYLOAD_CACHE: {} },
});
