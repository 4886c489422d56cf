import Keyv from 'keyv';
import { keyv } from '../../src/stores/keyv.js';
import { describeRegistry } from './conformance.js';

describeRegistry(
  'keyv',
  () => {
    const backend = new Map();
    const processes = [1, 2].map(() => keyv({ keyv: new Keyv({ store: backend }), strong: true }));
    const [one, two] = processes as [(typeof processes)[0], (typeof processes)[0]];
    return {
      registry: one.defaultRegistry(),
      another: two.defaultRegistry(),
      stored: async (key) => two.get(key),
    };
  },
  { createsVersions: true, stored: true },
);
