// Takes the place of the colour arithmetic that Chart.js has for hovering and animations. This page uses neither, so that
// nothing of it is ever called (build.mjs).
export class Color {}
