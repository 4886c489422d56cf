import { Articles } from './articles';
import { createConfig } from './createConfig';

export default createConfig({ collections: [Articles], plugins: [] });
