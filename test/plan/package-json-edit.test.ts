import { editPackageJson } from '../../src/plan/package-json-edit.js';
import { testCases } from './cases.js';

testCases('package-json-edit', (text) => editPackageJson(text, '^0.1.0'));
