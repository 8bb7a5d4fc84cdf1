// error: conversion from ‘FunctionOf<2>’ to non-scalar type ‘FunctionOf<1>’ requested
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  Function g = function({x}, {x, y});
}
