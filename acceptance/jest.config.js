import preset from '../jest.preset.js';

export default { ...preset, displayName: 'acceptance', rootDir: import.meta.dirname };
