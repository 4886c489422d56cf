interface Env { PAYLOAD_CACHE: KVNamespace }
