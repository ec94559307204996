#if defined(__SANITIZE_THREAD__)
/// libzmq is not compiled for the sanitizer, which therefore cannot see how libzmq's threads wait for each other.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\nrace:libzmq.so\n";
}
#endif
