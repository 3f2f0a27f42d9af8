module.exports = { displayName: 'simulated-runtime', preset: '../../jest.preset.cjs' };
