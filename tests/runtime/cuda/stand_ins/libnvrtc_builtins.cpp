// A stand-in for the library that NVRTC opens when it compiles: there is nothing in it.
extern "C" int nvrtc_builtins_stand_in() { return 0; }
