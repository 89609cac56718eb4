import preset from '../jest.preset.js';

export default { ...preset, displayName: 'process-managers', rootDir: import.meta.dirname };
