import preset from '../jest.preset.js';

export default { ...preset, displayName: 'command-side', rootDir: import.meta.dirname };
