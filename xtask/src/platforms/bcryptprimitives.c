/* Rust's standard library takes random numbers from ProcessPrng of bcryptprimitives.dll. Windows has that since
   version 7; Wine 8 does not have it, but it has the older function of advapi32 that does the same. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    const ULONG most = 1u << 20;
    while (length > 0) {
        ULONG piece = length < most ? (ULONG)length : most;
        if (!SystemFunction036(buffer, piece))
            return FALSE;
        buffer += piece;
        length -= piece;
    }
    return TRUE;
}
