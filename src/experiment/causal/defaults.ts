/** Added, in mean residual norms; beyond a half, outputs garble at some layers (see sweepPlan.ts). */
export const defaultStrengths: readonly number[] = [-0.5, -0.25, 0, 0.25, 0.5];
