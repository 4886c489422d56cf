const worker = { fetch: () => new Response(null) };

export { worker as default };
