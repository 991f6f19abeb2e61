/** Ports as units have them unless somebody moved them (protocol.md 1). */
export const standardPorts = { discovery: 50802, base: 50804 } as const;
