module.exports = { displayName: 'local-path', preset: '../../jest.preset.cjs' };
