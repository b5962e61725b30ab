// Module FarroData
