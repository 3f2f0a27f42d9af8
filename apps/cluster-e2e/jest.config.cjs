module.exports = { displayName: 'cluster-e2e', preset: '../../jest.preset.cjs' };
