module.exports = { displayName: 'pod-security', preset: '../../jest.preset.cjs' };
