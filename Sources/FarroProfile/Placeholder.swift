// Module FarroProfile
