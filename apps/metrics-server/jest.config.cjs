module.exports = { displayName: 'metrics-server', preset: '../../jest.preset.cjs' };
