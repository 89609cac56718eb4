import preset from '../jest.preset.js';

export default { ...preset, displayName: 'shared-events', rootDir: import.meta.dirname };
