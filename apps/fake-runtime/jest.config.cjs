module.exports = { displayName: 'fake-runtime', preset: '../../jest.preset.cjs' };
