module.exports = { displayName: 'kubelet', preset: '../../jest.preset.cjs' };
