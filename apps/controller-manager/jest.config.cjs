module.exports = { displayName: 'controller-manager', preset: '../../jest.preset.cjs' };
