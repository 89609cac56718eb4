import preset from '../jest.preset.js';

export default { ...preset, displayName: 'query-side', rootDir: import.meta.dirname };
